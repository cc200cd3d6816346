// A bare server that sends back the body of each request: hono, as the product serves with it. It prints its port.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()
app.post('*', async (c) => c.body(await c.req.arrayBuffer()))
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => process.send?.({ port }))
